// The JavaScript worker of the pipeline: polls k1_release_note with the official SDK until it gets SIGTERM.
import { OrkesClients, TaskHandler, worker } from "@io-orkes/conductor-javascript";
import { releaseNote } from "./note.mjs";

async function write(task) {
  return { status: "COMPLETED", outputData: { ...releaseNote(task.inputData ?? {}), writtenBy: "node" } };
}

worker({ taskDefName: "k1_release_note", concurrency: 2, pollInterval: 100 })(write);

const clients = await OrkesClients.from({ serverUrl: process.env.CONDUCTOR_SERVER_URL });
const handler = new TaskHandler({ client: clients.getClient(), scanForDecorated: true });
await handler.startWorkers();

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, async () => {
    await handler.stopWorkers();
    process.exit(0);
  });
}
