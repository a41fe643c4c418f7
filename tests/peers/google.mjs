// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Google's own client of Compute Engine drives the lab: lists, gets, stops, starts, waits, changes, schedules.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import compute from '@google-cloud/compute';
import { GoogleAuth, OAuth2Client } from 'google-auth-library';
import { check, end, fleet, setFault, userLogin } from './lab.mjs';

const base = new URL(fleet.gcp.computeBase);
const project = fleet.gcp.project;
const node = fleet.nodes.find((each) => each.machine.kind === 'gce');
const { zone, instance } = node.machine;
const region = zone.replace(/-[a-z]$/, '');

const login = userLogin();
const authClient = new OAuth2Client({
  clientId: login.client_id, clientSecret: login.client_secret, endpoints: { oauth2TokenUrl: login.token_uri },
});
authClient.setCredentials({ refresh_token: login.refresh_token });
const options = {
  apiEndpoint: base.hostname, port: Number(base.port), protocol: 'http', fallback: true, projectId: project,
  auth: new GoogleAuth({ authClient, projectId: project }),
};
const instances = new compute.InstancesClient(options);
const zoneOperations = new compute.ZoneOperationsClient(options);
const regionOperations = new compute.RegionOperationsClient(options);
const policies = new compute.ResourcePoliciesClient(options);
const regions = new compute.RegionsClient(options);
const projects = new compute.ProjectsClient(options);
const disks = new compute.DisksClient(options);

/** Waits as the documentation says: until DONE; gives the operation. */
async function wait(operation) {
  let latest = operation;
  for (let i = 0; i < 20 && latest.status !== 'DONE'; i += 1) {
    const place = latest.zone
      ? [zoneOperations, { zone: latest.zone.split('/').pop() }]
      : [regionOperations, { region: latest.region.split('/').pop() }];
    [latest] = await place[0].wait({ operation: latest.name, project, ...place[1] });
  }
  assert.equal(latest.status, 'DONE');
  return latest;
}
const get = async () => (await instances.get({ project, zone, instance }))[0];

await check('aggregated list names every zone and the machine', async () => {
  const zones = {};
  for await (const [name, scope] of instances.aggregatedListAsync({ project, maxResults: 5 })) zones[name] = scope;
  assert.ok(zones[`zones/${zone}`].instances.some((each) => each.name === instance));
  assert.ok(Object.values(zones).some((scope) => scope.warning?.code === 'NO_RESULTS_ON_PAGE'));
});
await check('list of one zone, with a filter', async () => {
  const [found] = await instances.list({ project, zone, filter: `name = "${instance}"` });
  assert.equal(found.length, 1);
  const [none] = await instances.list({ project, zone, filter: 'status = "SUSPENDED"' });
  assert.equal(none.length, 0);
});
await check('get has the fields that an operator reads', async () => {
  const vm = await get();
  assert.equal(vm.status, 'RUNNING');
  assert.equal(vm.scheduling.provisioningModel, 'SPOT');
  assert.match(vm.machineType, /g2-standard-8$/);
  assert.equal(vm.networkInterfaces[0].accessConfigs[0].natIP, '127.0.0.1');
  assert.equal(vm.disks[0].boot, true);
  assert.equal(String(vm.disks[0].diskSizeGb), '200');
});
await check('project, region and disk', async () => {
  const [found] = await projects.get({ project });
  assert.ok(found.quotas.some((quota) => quota.metric === 'GPUS_ALL_REGIONS'));
  const [place] = await regions.get({ project, region });
  assert.ok(place.quotas.some((quota) => quota.metric === 'NVIDIA_L4_GPUS' && quota.limit > 0));
  const [disk] = await disks.get({ project, zone, disk: instance });
  assert.match(disk.type, /pd-balanced$/);
});
await check('stop, wait, read back', async () => {
  const [response] = await instances.stop({ project, zone, instance, requestId: crypto.randomUUID() });
  const done = await wait(response.latestResponse);
  assert.equal(done.operationType, 'stop');
  assert.equal(done.error ?? null, null);
  const vm = await get();
  assert.equal(vm.status, 'TERMINATED');
  assert.ok(!vm.networkInterfaces[0].accessConfigs[0].natIP);
});
await check('scheduling and machine type change while it is stopped', async () => {
  const before = await get();
  const schedulingResource = { ...before.scheduling, maxRunDuration: { seconds: 28800 } };
  delete schedulingResource.terminationTime;
  const [scheduled] = await instances.setScheduling({ project, zone, instance, schedulingResource });
  await wait(scheduled.latestResponse);
  assert.equal(String((await get()).scheduling.maxRunDuration.seconds), '28800');
  const [typed] = await instances.setMachineType({
    project, zone, instance, instancesSetMachineTypeRequestResource: { machineType: `zones/${zone}/machineTypes/g2-standard-4` },
  });
  await wait(typed.latestResponse);
  assert.match((await get()).machineType, /g2-standard-4$/);
});
await check('a start without capacity is DONE with an error', async () => {
  const heal = await setFault(node.id, 'gcp-stockout');
  const typed = async (type) => {
    const [response] = await instances.setMachineType({
      project, zone, instance, instancesSetMachineTypeRequestResource: { machineType: `zones/${zone}/machineTypes/${type}` },
    });
    await wait(response.latestResponse);
  };
  await typed('g2-standard-8');
  try {
    const [response] = await instances.start({ project, zone, instance });
    const done = await wait(response.latestResponse);
    assert.equal(done.error.errors[0].code, 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS');
    assert.equal(done.error.errors[0].errorDetails[0].errorInfo.reason, 'resource_availability');
    assert.equal(done.httpErrorStatusCode, 503);
  } finally {
    await heal();
  }
});
await check('the same request id is the same start', async () => {
  const requestId = crypto.randomUUID();
  const [first] = await instances.start({ project, zone, instance, requestId });
  const [second] = await instances.start({ project, zone, instance, requestId });
  assert.equal(first.latestResponse.name, second.latestResponse.name);
  const done = await wait(first.latestResponse);
  assert.equal(done.clientOperationId, requestId);
  const vm = await get();
  assert.equal(vm.status, 'RUNNING');
  assert.ok(vm.scheduling.terminationTime);
});
await check('operations are listed and filtered', async () => {
  const [starts] = await zoneOperations.list({ project, zone, filter: 'operationType="start"' });
  assert.ok(starts.length >= 2);
  assert.ok(starts.every((operation) => operation.operationType === 'start'));
});
await check('an instance schedule: made, attached, read, detached, deleted', async () => {
  const name = 'offpeak';
  const [made] = await policies.insert({
    project, region,
    resourcePolicyResource: {
      name, instanceSchedulePolicy: { timeZone: 'Europe/Berlin', vmStopSchedule: { schedule: '0 20 * * *' } },
    },
  });
  await wait(made.latestResponse);
  const [read] = await policies.get({ project, region, resourcePolicy: name });
  assert.equal(read.instanceSchedulePolicy.vmStopSchedule.schedule, '0 20 * * *');
  const policy = `projects/${project}/regions/${region}/resourcePolicies/${name}`;
  const [added] = await instances.addResourcePolicies({
    project, zone, instance, instancesAddResourcePoliciesRequestResource: { resourcePolicies: [policy] },
  });
  await wait(added.latestResponse);
  assert.ok((await get()).resourcePolicies[0].endsWith(`/resourcePolicies/${name}`));
  await assert.rejects(policies.delete({ project, region, resourcePolicy: name }), /already being used/);
  const [removed] = await instances.removeResourcePolicies({
    project, zone, instance, instancesRemoveResourcePoliciesRequestResource: { resourcePolicies: [policy] },
  });
  await wait(removed.latestResponse);
  const [gone] = await policies.delete({ project, region, resourcePolicy: name });
  await wait(gone.latestResponse);
  const [left] = await policies.list({ project, region });
  assert.equal(left.length, 0);
});
await check('labels are replaced under their fingerprint', async () => {
  const { labelFingerprint, labels } = await get();
  const change = (fingerprint) => instances.setLabels({
    project, zone, instance,
    instancesSetLabelsRequestResource: { labelFingerprint: fingerprint, labels: { ...labels, owner: 'ops' } },
  });
  const [response] = await change(labelFingerprint);
  await wait(response.latestResponse);
  assert.equal((await get()).labels.owner, 'ops');
  await assert.rejects(change(labelFingerprint), /fingerprint/);
});
await check('refusals arrive as errors', async () => {
  await assert.rejects(instances.get({ project, zone, instance: 'nobody' }), (error) => /was not found/.test(error.message));
  await assert.rejects(instances.suspend({ project, zone, instance }), /accelerators/);
  const heal = await setFault(node.id, 'gcp-local-ssd');
  try {
    await assert.rejects(instances.stop({ project, zone, instance }), /Local SSD/);
  } finally {
    await heal();
  }
});
end();
