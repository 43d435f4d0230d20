"""A Service Bus namespace for tests: an AMQP 1.0 broker on loopback for the real `azure-servicebus` client.

An Azure client connects with the connection string of settings.py. The flow: wire.py (one TCP connection)
→ attach.py (which node a link is for) → outgoing.py, incoming.py and requests.py (one kind of link each)
→ entity.py (a queue, who waits at it, its timer) → queue.py (what a queue is; knows no network, no clock).
"""
