"""The diagram of a journey as SVG: graph → layers → order → places → routes → drawing. Pure."""
