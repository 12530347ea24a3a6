// What both test files share: clients of the server under test, and definitions in a word.
import { OrkesClients } from "@io-orkes/conductor-javascript";

// The SDK's own chatter is of no interest here.
const logger = { info() {}, debug() {}, warn() {}, error(...words) { console.error(...words); } };

export const clients = await OrkesClients.from({ serverUrl: process.env.CONDUCTOR_SERVER_URL, logger });
export const client = clients.getClient();
export const workflows = clients.getWorkflowClient();
export const metadata = clients.getMetadataClient();
export const tasks = clients.getTaskClient();

export const simple = (name, ref, inputParameters = {}) => ({ name, taskReferenceName: ref, type: "SIMPLE", inputParameters });
export const wait = (ref, inputParameters = {}) => ({ name: ref, taskReferenceName: ref, type: "WAIT", inputParameters });
export const variable = (ref, inputParameters) => ({ name: ref, taskReferenceName: ref, type: "SET_VARIABLE", inputParameters });
export const policy = (name, fields = {}) => ({ name, ownerEmail: "a@b.c", retryCount: 0, timeoutSeconds: 0, responseTimeoutSeconds: 60, ...fields });

export async function define(name, nodes, fields = {}) {
  const definition = { name, version: 1, schemaVersion: 2, ownerEmail: "a@b.c", tasks: nodes, inputParameters: [], outputParameters: {}, timeoutSeconds: 0, ...fields };
  await workflows.registerWorkflow(true, definition);
  return definition;
}

// Starts a workflow and waits, on the server's side, until it has ended.
export function run(name, input = {}, request = {}) {
  return workflows.executeWorkflow({ name, version: 1, input, ...request }, name, 1, `run-${name}`, "", 20, "SYNCHRONOUS", "TARGET_WORKFLOW");
}
