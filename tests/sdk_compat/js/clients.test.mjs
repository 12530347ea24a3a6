// Clients of the official JavaScript SDK: definitions, starts, control, tasks, signals, logs, search.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { define, metadata, policy, simple, tasks, variable, wait, workflows } from "./sdk.mjs";

const refs = (workflow) => workflow.tasks.map((task) => [task.referenceTaskName, task.status]);
const start = (name, fields = {}) => workflows.startWorkflow({ name, version: 1, input: {}, ...fields });

before(async () => {
  await metadata.registerTask(policy("jc_task"));
  await define("jc_two", [simple("jc_task", "a"), simple("jc_task", "b")]);
  // This SDK sends what a signal brings below `taskOutput`.
  const brought = "${w1.output.taskOutput.k}";
  await define("jc_wait", [wait("w1"), variable("v", { got: brought }), wait("w2", { asked: brought })]);
  await define("jc_short", [variable("v", { x: "${workflow.input.x}" })], { outputParameters: { x: "${v.input.x}" } });
});

test("definitions come back as they were sent", async () => {
  await metadata.registerWorkflowDef({ name: "jc_kept", version: 1, ownerEmail: "a@b.c", tasks: [simple("jc_task", "a", { deep: { x: [1, null] } })] }, true);
  const kept = await metadata.getWorkflowDef("jc_kept", 1);
  assert.deepEqual(kept.tasks[0].inputParameters, { deep: { x: [1, null] } });
  await metadata.updateTask(policy("jc_kept", { retryCount: 7 }));
  assert.equal((await metadata.getTask("jc_kept")).retryCount, 7);
  await metadata.unregisterWorkflow("jc_kept", 1);
  await metadata.unregisterTask("jc_kept");
  await assert.rejects(metadata.getWorkflowDef("jc_kept", 1));
  await assert.rejects(metadata.getTask("jc_kept"));
});

test("a workflow is started and its tasks are ended by id and by reference", async () => {
  const id = await start("jc_two", { correlationId: "co" });
  const [first] = (await workflows.getWorkflow(id, true)).tasks;
  assert.equal((await tasks.getTask(first.taskId)).status, "SCHEDULED");
  await workflows.updateTask(first.taskId, id, "COMPLETED", { k: 1 });
  await workflows.updateTaskByRefName("b", id, "COMPLETED", { k: 2 });
  const status = await workflows.getWorkflowStatus(id, true, true);
  assert.deepEqual([status.status, status.output, status.correlationId], ["COMPLETED", { k: 2 }, "co"]);
});

test("a synchronous start answers with the run that has ended", async () => {
  const run = await workflows.executeWorkflow({ name: "jc_short", version: 1, input: { x: 5 } }, "jc_short", 1, "request");
  assert.deepEqual([run.status, run.output, run.requestId], ["COMPLETED", { x: 5 }, "request"]);
});

for (const strategy of ["TARGET_WORKFLOW", "BLOCKING_WORKFLOW", "BLOCKING_TASK", "BLOCKING_TASK_INPUT"]) {
  test(`a synchronous start stops at a blocking task: ${strategy}`, async () => {
    const answer = await workflows.executeWorkflow({ name: "jc_wait", version: 1, input: {} }, "jc_wait", 1, "r", "", 5, "SYNCHRONOUS", strategy);
    assert.equal(answer.getResponseType(), strategy);
    assert.equal(answer.targetWorkflowStatus, "RUNNING");
    assert.equal(answer.hasTaskData(), strategy.startsWith("BLOCKING_TASK"));
    assert.equal(answer.hasWorkflowData(), strategy.endsWith("WORKFLOW"));
    if (strategy === "BLOCKING_TASK") assert.equal(answer.getBlockingTask().referenceTaskName, "w1");
    await workflows.terminate(answer.getTargetWorkflowId(), "over");
  });
}

test("signals go to the waiting task", async () => {
  const id = await start("jc_wait");
  const answer = await workflows.signal(id, "COMPLETED", { k: 7 }, "BLOCKING_TASK_INPUT");
  assert.deepEqual(answer.getTaskInput(), { asked: 7 });
  await workflows.signalAsync(id, "COMPLETED", { k: 8 });
  const status = await workflows.getWorkflowStatus(id, false, true);
  assert.deepEqual([status.status, status.variables], ["COMPLETED", { got: 7 }]);
});

test("an update by reference can wait for the workflow", async () => {
  const id = await start("jc_two");
  const after = await workflows.updateTaskSync("a", id, "COMPLETED", { k: 1 });
  assert.deepEqual(refs(after), [["a", "COMPLETED"], ["b", "SCHEDULED"]]);
  await workflows.terminate(id, "over");
});

test("pause, resume, terminate, restart, retry", async () => {
  const id = await start("jc_two");
  const status = async () => (await workflows.getWorkflowStatus(id, false, false)).status;
  await workflows.pause(id);
  assert.equal(await status(), "PAUSED");
  await workflows.resume(id);
  assert.equal(await status(), "RUNNING");
  await workflows.terminate(id, "enough");
  assert.equal((await workflows.getExecution(id)).reasonForIncompletion, "enough");
  await workflows.restart(id, false);
  assert.equal(await status(), "RUNNING");
  await workflows.updateTaskByRefName("a", id, "FAILED", {});
  assert.equal(await status(), "FAILED");
  await workflows.retry(id, false);
  assert.deepEqual(refs(await workflows.getWorkflow(id, true)), [["a", "FAILED"], ["a", "SCHEDULED"]]);
  await workflows.terminate(id, "over");
});

test("a workflow goes back to a task", async () => {
  const id = await start("jc_two");
  await workflows.updateTaskByRefName("a", id, "COMPLETED", {});
  await workflows.updateTaskByRefName("b", id, "COMPLETED", {});
  await workflows.goBackToTask(id, (task) => task.referenceTaskName === "b");
  assert.deepEqual(refs(await workflows.getWorkflow(id, true)), [["a", "COMPLETED"], ["b", "SCHEDULED"]]);
  await workflows.terminate(id, "over");
});

test("a task ahead is skipped", async () => {
  const id = await start("jc_two");
  await workflows.skipTasksFromWorkflow(id, "b", { taskOutput: { skipped: true } });
  await workflows.updateTaskByRefName("a", id, "COMPLETED", {});
  assert.equal((await workflows.getWorkflowStatus(id, false, false)).status, "COMPLETED");
});

test("logs come back without quotes", async () => {
  const id = await start("jc_two");
  const [first] = (await workflows.getWorkflow(id, true)).tasks;
  await tasks.addTaskLog(first.taskId, "hello, world");
  assert.equal((await tasks.getTaskLogs(first.taskId))[0].log, "hello, world");
  await workflows.terminate(id, "over");
});

test("queue sizes have the name of the type", async () => {
  await metadata.registerTask(policy("jc_queue"));
  await define("jc_queue", [simple("jc_queue", "a")]);
  const id = await start("jc_queue");
  assert.equal((await tasks.getQueueSizeForTask(["jc_queue"])).jc_queue, 1);
  await workflows.terminate(id, "over");
});

test("workflows are found", async () => {
  const id = await workflows.startWorkflowByName("jc_short", { x: 1 }, 1, "find-me-js");
  const found = await workflows.search(0, 10, `workflowId IN (${id})`, "*");
  assert.deepEqual(found.results.map((one) => [one.workflowId, one.status]), [[id, "COMPLETED"]]);
});

test("what is unknown is an error", async () => {
  await assert.rejects(start("jc_nobody"));
  await assert.rejects(workflows.updateTaskByRefName("a", "11111111-1111-4111-8111-111111111111", "COMPLETED", {}));
  await assert.rejects(workflows.updateTaskSync("a", "11111111-1111-4111-8111-111111111111", "COMPLETED", {}));
  await assert.rejects(workflows.getWorkflow("11111111-1111-4111-8111-111111111111", true));
});
