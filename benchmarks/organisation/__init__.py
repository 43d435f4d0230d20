"""What a large organisation needs of Azure, on paper: operations counted, limits, a simulation, a price."""
