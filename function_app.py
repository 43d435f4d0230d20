"""The Azure Functions app: registers the blueprints, nothing else."""

import azure.functions as func

from functions import (
    campaigns,
    changes,
    custom_events,
    delivery_reports,
    folding,
    health,
    inbound_messages,
    notifications,
    operations,
    outbox,
    populations,
    public,
    public_surveys,
    retention,
    wakeups,
    watch,
)
from functions.admin import trigger as admin

app = func.FunctionApp()
for module in (
    notifications,
    changes,
    wakeups,
    outbox,
    delivery_reports,
    inbound_messages,
    custom_events,
    campaigns,
    populations,
    public,
    public_surveys,
    retention,
    folding,
    watch,
    operations,
    health,
    admin,
):
    app.register_functions(module.blueprint)
