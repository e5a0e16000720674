// Holds JSON-LD to schema.org's own vocabulary, as schema-dts types it: lines of JSON in, what tsc says of them out.
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(join(here, "node_modules", ".schema-"));
try {
  const lines = readFileSync(0, "utf8").trim().split("\n");
  const checks = lines.map((line, number) => {
    const type = JSON.parse(line)["@type"];
    return `export const one${number}: WithContext<${type}> = ${line};`;
  });
  const types = [...new Set(lines.map((line) => JSON.parse(line)["@type"]))];
  writeFileSync(join(folder, "check.ts"), `import type { WithContext, ${types.join(", ")} } from "schema-dts";\n${checks.join("\n")}\n`);
  execFileSync(process.execPath, [join(here, "node_modules", "typescript", "bin", "tsc"), "--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "bundler", "--module", "esnext", join(folder, "check.ts")], { stdio: "inherit" });
} catch (error) {
  process.exitCode = error.status || 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
