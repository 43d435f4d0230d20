"""A local Azure Functions host: what runs here is indexed, bound and invoked as in Azure.

It loads a `function_app.py` through `azure_functions_runtime`, the library that Azure's own worker uses, and
brings HTTP, timers, Storage queues and Service Bus to it. `python -m sandbox.functions_host --help` runs it;
host.py is the way in for reading.
"""
