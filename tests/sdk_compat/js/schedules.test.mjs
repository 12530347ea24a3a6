// The scheduler's client of the official JavaScript SDK: save, read, pause, tags, next times, what became of the instants.
import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { clients, define, variable, workflows } from "./sdk.mjs";

const schedules = clients.getSchedulerClient();
const request = (name, cronExpression = "0 0 0 1 1 ?", fields = {}) => ({
  name, cronExpression, startWorkflowRequest: { name: "js_scheduled", version: 1, input: { x: 5 } }, ...fields,
});

before(() => define("js_scheduled", [variable("v", { x: "${workflow.input.x}" })]));

afterEach(async () => {
  for (const { name } of await schedules.getAllSchedules("js_scheduled")) await schedules.deleteSchedule(name);
});

test("a schedule is saved, read, listed and deleted", async () => {
  await schedules.saveSchedule(request("js-one", "0 0 0 1 1 ?", { paused: true, zoneId: "Europe/Paris" }));
  const saved = await schedules.getSchedule("js-one");
  assert.deepEqual([saved.cronExpression, saved.zoneId, saved.paused], ["0 0 0 1 1 ?", "Europe/Paris", true]);
  assert.deepEqual((await schedules.getAllSchedules("js_scheduled")).map((one) => one.name), ["js-one"]);
  await schedules.deleteSchedule("js-one");
  assert.deepEqual(await schedules.getAllSchedules("js_scheduled"), []);
});

test("a schedule is paused with a reason and resumed", async () => {
  await schedules.saveSchedule(request("js-two"));
  await schedules.pauseSchedule("js-two", "a reason");
  const paused = await schedules.getSchedule("js-two");
  assert.deepEqual([paused.paused, paused.pausedReason], [true, "a reason"]);
  await schedules.resumeSchedule("js-two");
  assert.equal((await schedules.getSchedule("js-two")).paused, false);
  await schedules.requeueAllExecutionRecords();
  await schedules.pauseAllSchedules();
  await schedules.resumeAllSchedules();
});

test("tags are set and deleted", async () => {
  await schedules.saveSchedule(request("js-three"));
  await schedules.setSchedulerTags([{ key: "team", value: "k1" }, { key: "n", value: "1" }], "js-three");
  await schedules.deleteSchedulerTags([{ key: "n", value: "1" }], "js-three");
  assert.deepEqual((await schedules.getSchedulerTags("js-three")).map((tag) => [tag.key, tag.value]), [["team", "k1"]]);
});

test("the next times are told", async () => {
  const start = 4_102_444_800_000;
  assert.deepEqual(await schedules.getNextFewSchedules("0 0 0 * * *", start, undefined, 2), [start, start + 86_400_000]);
  await assert.rejects(schedules.getNextFewSchedules("nonsense"));
});

test("a resumed schedule runs and is found by an unknown order", async () => {
  await schedules.saveSchedule(request("js-often", "0/1 * * ? * *", { paused: true }));
  await schedules.resumeSchedule("js-often");
  let found = [];
  for (const end = Date.now() + 10_000; !found.length && Date.now() < end; ) {
    const answer = await schedules.search(0, 5, "startTime:DESC", "*", "scheduleName IN (js-often)");
    found = answer.results.filter((one) => one.state === "EXECUTED");
  }
  assert.equal(found[0].workflowName, "js_scheduled");
  const started = await workflows.getWorkflow(found[0].workflowId, true);
  assert.deepEqual([started.status, started.input._startedByScheduler], ["COMPLETED", "js-often"]);
});
