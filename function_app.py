"""The Azure Functions app: registers the blueprints, nothing else."""

import azure.functions as func

from functions import (
    campaigns,
    changes,
    delivery_reports,
    health,
    inbound_messages,
    notifications,
    outbox,
    populations,
    wakeups,
)

app = func.FunctionApp()
for module in (
    notifications,
    changes,
    wakeups,
    outbox,
    delivery_reports,
    inbound_messages,
    campaigns,
    populations,
    health,
):
    app.register_functions(module.blueprint)
