// How a compilation ended, in words for people. The same rules stand in pipeline/note.py, for machines without Node.

const ENDINGS = {
  released: "plays on the whole fleet",
  "rolled back": "was taken back from the devices",
  rejected: "was not approved",
  expired: "waited for an approval in vain",
  failed: "could not be built",
};

/** A title and a text from the facts of a compilation; facts that are missing are left out. */
export function releaseNote({ pattern, outcome, reason, level, fps, testsPassed, firmware }) {
  const sentences = [];
  if (reason) sentences.push(`Reason: ${reason}.`);
  if (fps) sentences.push(`${Math.round(fps)} frames per second with ${level}.`);
  if (testsPassed) sentences.push(`${testsPassed} tests passed.`);
  if (firmware) sentences.push(`Firmware for ${firmware}.`);
  return { title: `${pattern} ${ENDINGS[outcome] ?? `ended as ${outcome}`}`, text: sentences.join(" ") };
}
