"""A local stand-in for Azure Communication Services: the REST APIs the SDKs call, and a phone to look at."""
