"""`hearthline campaign`: check, preview, approve, run and follow campaigns, gathered here."""

from __future__ import annotations

import typer

from cli.campaign_check import check, schema
from cli.campaign_list import list_campaigns
from cli.campaign_moves import approve, cancel, pause, reject, resume, start, submit
from cli.campaign_preview import preview_campaign
from cli.campaign_status import show_status

campaign = typer.Typer(help="Check, preview, approve, run and follow campaigns.", no_args_is_help=True)
campaign.command()(check)
campaign.command("preview")(preview_campaign)
for _move in (submit, reject, approve, start, pause, resume, cancel):
    campaign.command()(_move)
campaign.command("status")(show_status)
campaign.command("list")(list_campaigns)
campaign.command()(schema)
