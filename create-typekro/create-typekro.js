#!/usr/bin/env node
// `npm create typekro my-app` runs `typekro init my-app` of the same version. The user does not have to install TypeKro
// first.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';

const manifest = pathToFileURL(createRequire(import.meta.url).resolve('typekro/package.json'));
const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
const command = fileURLToPath(new URL(bin.typekro, manifest));
const child = spawn(process.execPath, [command, 'init', ...process.argv.slice(2)], { stdio: 'inherit' });
// Signals are passed on to the command. This process waits for the command, and ends with the same exit code.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`error: typekro init does not start: ${error.message}`);
  process.exitCode = 1;
});
// As in a shell, the exit code for a signal is 128 plus the number of the signal.
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
