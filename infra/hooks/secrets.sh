#!/bin/sh
# After azd has made everything, before the app is deployed: puts into the Key Vault what is not there yet.
#
# The settings that are secret are references to these (infra/bicep/modules/settings.bicep):
#   link-secrets  made here: links in messages are signed with it
#   audit-secrets made here: the audit trail is chained with it
#   seal-secrets  made here: secrets of sources are sealed with it in storage
#   sources       who may notify us; as shared/config.py has it, until somebody writes another
#   webhooks      whom journeys may call; nobody, until somebody writes another
#   fhir-token    asked for, where the FHIR server is none of Azure Health Data Services
# What is there is kept, so it can be run again. No secret is printed, or passed as an argument, which others on
# this machine could read: it goes through a file that only we can read, and that is gone at the end.
set -eu
umask 077

vault=${HEARTHLINE_VAULT_NAME:?run by azd, or set HEARTHLINE_VAULT_NAME}
file=$(mktemp)
trap 'stty echo 2>/dev/null || true; rm -f "$file"' EXIT INT TERM
written=no

names() {
  az keyvault secret list --vault-name "$vault" --query '[].name' --output tsv
}

# A role that was assigned a moment ago is not known everywhere: for some minutes we are refused.
wait_for_vault() {
  tries=0
  until names >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -ge 20 ]; then
      names >/dev/null || true
      echo "The vault $vault lets us not in. Are you signed in (az login), may you write secrets there" >&2
      echo "(Key Vault Secrets Officer), and is your address among operatorAddresses, if its network is private?" >&2
      exit 1
    fi
    sleep 15
  done
}

# Asked once: a vault that does not answer later must not look like one that is empty.
missing() {
  ! printf '%s\n' "$known" | grep -qx "$1"
}

# Writes what stands in the file.
put() {
  az keyvault secret set --vault-name "$vault" --name "$1" --file "$file" --encoding utf-8 --output none
  written=yes
  echo "$1: written"
}

put_if_missing() {
  if missing "$1"; then
    printf '%s' "$2" >"$file"
    put "$1"
  else
    echo "$1: kept"
  fi
}

make_secret_if_missing() {
  if missing "$1"; then
    printf '["%s"]' "$(head -c 48 /dev/urandom | base64 | tr -d '\n')" >"$file"
    put "$1"
  else
    echo "$1: kept"
  fi
}

ask_for_fhir_token() {
  if ! missing fhir-token; then
    echo "fhir-token: kept"
  elif [ -t 0 ]; then
    printf 'Bearer token for the FHIR server (not shown): '
    stty -echo
    IFS= read -r token
    stty echo
    echo
    printf '%s' "$token" >"$file"
    put fhir-token
  else
    echo "The FHIR server wants a token, and nobody is here to ask. Write it into a file, then:" >&2
    echo "az keyvault secret set --vault-name $vault --name fhir-token --file FILE" >&2
    exit 1
  fi
}

# The app reads references again by itself only once a day, or when its settings change.
refresh() {
  app="/subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/$AZURE_RESOURCE_GROUP"
  app="$app/providers/Microsoft.Web/sites/$HEARTHLINE_APP_NAME"
  az rest --method post --output none \
    --url "https://management.azure.com$app/config/configreferences/appsettings/refresh?api-version=2022-03-01"
  echo "The app reads its secrets again."
}

wait_for_vault
known=$(names)
make_secret_if_missing link-secrets
make_secret_if_missing audit-secrets
make_secret_if_missing seal-secrets
put_if_missing sources '[{"name": "events", "formats": ["event-grid", "cloud-events"], "proofs": [{"kind": "function-key"}]}, {"name": "fhir", "formats": ["rest-hook", "subscription", "medplum"], "proofs": [{"kind": "function-key"}]}]'
put_if_missing webhooks '{}'
if [ "${HEARTHLINE_FHIR_TOKEN_WANTED:-false}" = true ]; then
  ask_for_fhir_token
fi
if [ "$written" = yes ]; then
  refresh
fi
