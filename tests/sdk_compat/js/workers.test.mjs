// Workers of the official JavaScript SDK: the task manager polls, works, chains, fails, gives back, and extends leases.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NonRetryableException, TaskHandler, TaskManager, worker } from "@io-orkes/conductor-javascript";
import { client, define, metadata, policy, run, simple, tasks, workflows } from "./sdk.mjs";

const completed = (outputData) => ({ status: "COMPLETED", outputData });

// Works until the SDK has extended the lease of its task.
async function long(task) {
  for (let tries = 0; tries < 10_000; tries++) {
    const now = await tasks.getTask(task.taskId);
    if (now.updateTime > now.startTime + 500) return completed({ extended: true });
  }
  return completed({ extended: false });
}

const plain = [
  { taskDefName: "js_add", concurrency: 4, execute: async ({ inputData }) => completed({ sum: inputData.first + inputData.second }) },
  { taskDefName: "js_flaky", execute: async (task) => { if (task.retryCount === 0) throw new Error("not this time"); return completed({ attempt: task.retryCount }); } },
  { taskDefName: "js_fatal", execute: async () => { throw new NonRetryableException("never"); } },
  { taskDefName: "js_patient", execute: async (task) => (task.pollCount === 1 ? { status: "IN_PROGRESS", callbackAfterSeconds: 1, outputData: {} } : completed({ polls: task.pollCount })) },
  { taskDefName: "js_blue", domain: "blue", execute: async () => completed({ colour: "blue" }) },
  { taskDefName: "js_long", leaseExtendEnabled: true, execute: long },
];
worker({ taskDefName: "js_decorated", registerTaskDef: true, pollInterval: 20 })(async ({ inputData }) => completed({ twice: 2 * inputData.n }));

const manager = new TaskManager(client, plain, { options: { pollInterval: 20, batchPollingTimeout: 100 } });
const handler = new TaskHandler({ client, scanForDecorated: true });

before(async () => {
  await metadata.registerTasks(["js_add", "js_patient", "js_blue"].map((name) => policy(name)));
  await metadata.registerTask(policy("js_flaky", { retryCount: 1, retryDelaySeconds: 0 }));
  await metadata.registerTask(policy("js_fatal", { retryCount: 5 }));
  await metadata.registerTask(policy("js_long", { responseTimeoutSeconds: 2 }));
  manager.startPolling();
  await handler.startWorkers();
});

after(async () => {
  await manager.stopPolling();
  await handler.stopWorkers();
});

async function outcome(name, nodes, input, request) {
  await define(name, nodes);
  const answer = await run(name, input, request);
  return workflows.getWorkflow(answer.getTargetWorkflowId(), true);
}

test("a worker does its task", async () => {
  const ended = await outcome("js_one", [simple("js_add", "a", { first: "${workflow.input.n}", second: 2 })], { n: 40 });
  assert.deepEqual([ended.status, ended.output], ["COMPLETED", { sum: 42 }]);
});

test("a chain of tasks of one type", async () => {
  const ended = await outcome("js_chain", [1, 2, 3, 4].map((n) => simple("js_add", `t${n}`, { first: n, second: 1 })));
  assert.deepEqual(ended.tasks.map((task) => task.outputData.sum), [2, 3, 4, 5]);
});

test("an exception is a failure that is retried", async () => {
  const ended = await outcome("js_retry", [simple("js_flaky", "a")]);
  assert.deepEqual([ended.status, ended.output], ["COMPLETED", { attempt: 1 }]);
  assert.deepEqual([ended.tasks[0].status, ended.tasks[0].reasonForIncompletion], ["FAILED", "not this time"]);
});

test("a non-retryable exception ends the workflow", async () => {
  const ended = await outcome("js_end", [simple("js_fatal", "a")]);
  assert.deepEqual([ended.status, ended.tasks.map((task) => task.status)], ["FAILED", ["FAILED_WITH_TERMINAL_ERROR"]]);
});

test("a worker gives a task back and gets it again", async () => {
  const ended = await outcome("js_again", [simple("js_patient", "a")]);
  assert.deepEqual([ended.status, ended.output], ["COMPLETED", { polls: 2 }]);
});

test("a worker in a domain", async () => {
  const ended = await outcome("js_domain", [simple("js_blue", "a")], {}, { taskToDomain: { js_blue: "blue" } });
  assert.deepEqual([ended.status, ended.output], ["COMPLETED", { colour: "blue" }]);
});

test("the lease of a long task is extended", async () => {
  const ended = await outcome("js_lease", [simple("js_long", "a")]);
  assert.deepEqual([ended.status, ended.output], ["COMPLETED", { extended: true }]);
});

test("a decorated worker registers its task and does it", async () => {
  const ended = await outcome("js_decorated", [simple("js_decorated", "a", { n: 21 })]);
  assert.deepEqual([ended.status, ended.output], ["COMPLETED", { twice: 42 }]);
  assert.equal((await metadata.getTask("js_decorated")).timeoutSeconds, 3600);
});
