// The story on @azure/identity: https://learn.microsoft.com/javascript/api/overview/azure/identity-readme.
// main.go tells the same one, so that one test can hold both to it.
import { setTimeout } from 'node:timers/promises';

import { ClientCertificateCredential, ClientSecretCredential, WorkloadIdentityCredential } from '@azure/identity';

function need(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing`);
  return value;
}

const tenantId = need('AZURE_TENANT_ID');
const clientId = need('AZURE_CLIENT_ID');
const api = need('DEFENDER_API_URL');
// Without this the library asks Microsoft whether the authority is one of Microsoft's.
const options = { authorityHost: need('AZURE_AUTHORITY_HOST'), disableInstanceDiscovery: true };

const credentials = {
  secret: new ClientSecretCredential(tenantId, clientId, need('AZURE_CLIENT_SECRET'), options),
  certificate: new ClientCertificateCredential(tenantId, clientId, need('AZURE_CLIENT_CERTIFICATE_PATH'), options),
  'workload identity': new WorkloadIdentityCredential({
    ...options, tenantId, clientId, tokenFilePath: need('AZURE_FEDERATED_TOKEN_FILE'),
  }),
  'wrong secret': new ClientSecretCredential(tenantId, clientId, 'wrong', options),
};

for (const [name, credential] of Object.entries(credentials)) {
  console.log(`${name}: ${await collect(credential, name)}`);
}

// collect finds a device by its name, collects a package from it and follows that to its end. Where no token is to be
// had it returns what the library made of the refusal.
async function collect(credential, comment) {
  let token;
  try {
    ({ token } = await credential.getToken(need('DEFENDER_SCOPE')));
  } catch (error) {
    return error.message.match(/AADSTS\d+/)[0];
  }
  const filter = encodeURIComponent(`computerDnsName eq '${need('DEVICE')}'`);
  const [machine] = (await call(token, 'GET', `/api/machines?$filter=${filter}`)).value;
  let action = await call(token, 'POST', `/api/machines/${machine.id}/collectInvestigationPackage`, { Comment: comment });
  while (['Pending', 'InProgress'].includes(action.status)) {
    await setTimeout(100);
    action = await call(token, 'GET', `/api/machineactions/${action.id}`);
  }
  return action.status;
}

async function call(token, method, path, body) {
  const answer = await fetch(api + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
