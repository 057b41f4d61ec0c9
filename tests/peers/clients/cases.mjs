// Runs named cases one after the other, each on empty databases, and prints the lines suites/child.py reads.

export async function cases(empty, named, suffix = "") {
  for (const [name, run] of Object.entries(named)) {
    try {
      await empty();
      await run();
      console.log(`ok ${name}${suffix}`);
    } catch (error) {
      const text = String(error.message || error).replaceAll("\n", " ");
      const line = String(error.stack).split("\n").find((at) => at.includes("/clients/")) || "";
      console.log(`not ok ${name}${suffix}: ${text} ${line.trim()}`);
    }
  }
}
