# SPDX-FileCopyrightText: The Hybridge authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The real gcloud drives the lab: what it prints and how it exits is what Google's own shapes give.
# shellcheck shell=bash
set -uo pipefail

text=$(tr -d '\n' <"$HYBRIDGE_FLEET")
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" <<<"$text"; }
compute=$(field computeBase)
google=${compute%/compute/v1}
credentials=$(field credentials)
user=$(tr -d '\n' <"$(dirname "${credentials#file:}")/gcp-user.json")
user_field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" <<<"$user"; }
token=$(curl -sS --fail -d grant_type=refresh_token --data-urlencode "client_id=$(user_field client_id)" \
    --data-urlencode "client_secret=$(user_field client_secret)" \
    --data-urlencode "refresh_token=$(user_field refresh_token)" "$google/token" \
    | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
if [ -z "$token" ]; then
    echo "gcloud: the lab gave no token" >&2
    exit 1
fi

export CLOUDSDK_AUTH_ACCESS_TOKEN=$token CLOUDSDK_CORE_PROJECT=hybridge-lab CLOUDSDK_CORE_DISABLE_PROMPTS=1 \
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=true CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=1 \
    CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE=$compute/ CLOUDSDK_API_ENDPOINT_OVERRIDES_TPU=$google/tpu/

zone=us-central1-a vm=gcp-gpu-vm
passed=0 failed=0
check() { # what, wanted exit, pattern, command...
    local what=$1 wanted=$2 pattern=$3 status=0 output
    shift 3
    output=$(gcloud "$@" 2>&1 </dev/null) || status=$?
    if [ "$status" = "$wanted" ] && grep -Eq "$pattern" <<<"$output"; then
        passed=$((passed + 1))
        echo "ok   $what"
    else
        failed=$((failed + 1))
        echo "FAIL $what: exit $status, wanted $wanted and '$pattern':"
        printf '%s\n' "$output" | head -n 20
    fi
}
fault() { curl -sS -X POST -H 'Content-Type: application/json' -d "{\"node\":\"gcp\",\"fault\":\"$1\"}" \
    "$HYBRIDGE_CONTROL/faults" >/dev/null; }
heal() { curl -sS -X DELETE "$HYBRIDGE_CONTROL/faults" >/dev/null; }

check 'list' 0 "$vm +$zone +g2-standard-8" compute instances list
check 'stop' 0 . compute instances stop "$vm" --zone "$zone"
check 'machine type' 0 . compute instances set-machine-type "$vm" --zone "$zone" --machine-type g2-standard-4
check 'describe' 0 'status: TERMINATED' compute instances describe "$vm" --zone "$zone"
fault gcp-stockout-region
check 'start without capacity' 1 'has no such resources' compute instances start "$vm" --zone "$zone"
heal
check 'start' 0 . compute instances start "$vm" --zone "$zone"
check 'labels' 0 . compute instances add-labels "$vm" --zone "$zone" --labels owner=ops
check 'schedule' 0 . compute resource-policies create instance-schedule offpeak --region us-central1 \
    --vm-stop-schedule '0 20 * * *' --timezone Europe/Berlin
check 'attach' 0 . compute instances add-resource-policies "$vm" --zone "$zone" --resource-policies offpeak
check 'schedules' 0 'offpeak' compute resource-policies list --filter 'region:us-central1' --regions us-central1
fault gcp-local-ssd
check 'stop of a Local SSD' 1 'Local SSD' compute instances stop "$vm" --zone "$zone"
heal
check 'unknown machine' 1 'was not found' compute instances describe nobody --zone "$zone"
check 'TPU list' 0 . compute tpus tpu-vm list --zone "$zone"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
