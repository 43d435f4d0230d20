"""The admin API: a FastAPI application behind one HTTP trigger; docs/api.md."""
