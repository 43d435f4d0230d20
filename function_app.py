"""The Azure Functions app: registers the blueprints, nothing else."""

import azure.functions as func

from functions import changes, delivery_reports, health, notifications, outbox, wakeups

app = func.FunctionApp()
for module in (notifications, changes, wakeups, outbox, delivery_reports, health):
    app.register_functions(module.blueprint)
