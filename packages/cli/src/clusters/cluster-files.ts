import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonValue, errorCode, NO_FOLLOW, readRegularFile, tryParseJson } from '@typekro/kit/core';
import { replaceWhole } from '../output-file.ts';
import { type Shape, boolean, listWith, number, optional, record, text } from '@typekro/app/plan';

/** The absolute paths of a named cluster's audit log and audit policy. Without a policy, all requests are logged. */
export interface AuditFiles {
  readonly log: string;
  readonly policy?: string;
}

/** The settings of a named cluster. A later start without options uses them again. */
export interface ClusterSettings {
  readonly schemaVersion: 1;
  /** Are the objects kept on the disk? */
  readonly data: boolean;
  /** The names of the stand-ins for operators. Absent when there are none. */
  readonly standIns?: readonly string[];
  /** The version of Kubernetes, e.g. `1.35`. Absent for the latest version. */
  readonly kubernetesVersion?: string;
  /**
   * The working directory of pods that are processes of this machine. Absent when there are no such pods. The value is
   * valid for one run only.
   */
  readonly processDirectory?: string;
  /** The audit log. Absent when there is none. */
  readonly audit?: AuditFiles;
  /** The port that the user specified. If absent, the cluster uses any free port. */
  readonly port?: number;
  /** The port of the last run. The next run takes it again if it is free. */
  readonly lastPort?: number;
  /**
   * The path of the user's kubeconfig to which an entry for this cluster was added. Absent when there is no such entry.
   */
  readonly entryIn?: string;
  /** The contexts that were the current context of this kubeconfig before the cluster's context, most recent first. */
  readonly contextsBefore?: readonly string[];
}

/** The process that serves a cluster, and its addresses. */
export interface RunningRecord {
  readonly schemaVersion: 1;
  readonly pid: number;
  readonly url: string;
  /** The time of the start, ISO 8601. */
  readonly startedAt: string;
  readonly kubernetesVersion: string;
  /** The port and the token of the control interface. */
  readonly controlPort: number;
  readonly controlToken: string;
}

/** The secrets of a cluster with data. They are stored so that kubeconfigs and tokens stay valid after a restart. */
export interface ClusterCredentials {
  readonly schemaVersion: 1;
  readonly adminToken: string;
  /**
   * The certificate of the API and its key, in PEM. `signingKey`, also in PEM, is the key that signs service account
   * tokens.
   */
  readonly certificate: string;
  readonly certificateKey: string;
  readonly signingKey: string;
  /** The certificate authority that signs client certificates, and its key, in PEM. */
  readonly authority: string;
  readonly authorityKey: string;
}

const version: Shape = (value) => value === 1;

const SETTINGS = record({
  schemaVersion: version,
  data: boolean,
  standIns: optional(listWith(text)),
  kubernetesVersion: optional(text),
  processDirectory: optional(text),
  audit: optional(record({ log: text, policy: optional(text) })),
  port: optional(number),
  lastPort: optional(number),
  entryIn: optional(text),
  contextsBefore: optional(listWith(text)),
});

const RECORD = record({
  schemaVersion: version,
  pid: number,
  url: text,
  startedAt: text,
  kubernetesVersion: text,
  controlPort: number,
  controlToken: text,
});

const CREDENTIALS = record({
  schemaVersion: version,
  adminToken: text,
  certificate: text,
  certificateKey: text,
  signingKey: text,
  authority: text,
  authorityKey: text,
});

/** The subfolder of a cluster's folder that contains the objects of a cluster with data. */
export const DATA_FOLDER = 'state';

const SETTINGS_FILE = 'settings.json';
const RECORD_FILE = 'cluster.json';
const CREDENTIALS_FILE = 'credentials.json';

/**
 * The settings of a cluster; `undefined` when they are absent, unreadable or of a later version. A cluster with stored
 * objects counts as a cluster with data even if its settings cannot be read, because a stop would otherwise remove its
 * folder.
 */
export function readSettings(folder: string): ClusterSettings | undefined {
  const settings = readJson(join(folder, SETTINGS_FILE), SETTINGS) as ClusterSettings | undefined;
  if (settings !== undefined) return settings;
  return existsSync(join(folder, DATA_FOLDER)) ? { schemaVersion: 1, data: true } : undefined;
}

/**
 * The paths of existing settings and credentials files that cannot be used, because their JSON is invalid or a later
 * version wrote them.
 */
export const unusableFiles = (folder: string): readonly string[] =>
  (
    [
      [SETTINGS_FILE, SETTINGS],
      [CREDENTIALS_FILE, CREDENTIALS],
    ] as const
  )
    .map(([name, shape]) => ({ path: join(folder, name), shape }))
    .filter(({ path, shape }) => existsSync(path) && readJson(path, shape) === undefined)
    .map(({ path }) => path);

export const readRecord = (folder: string): RunningRecord | undefined =>
  readJson(join(folder, RECORD_FILE), RECORD) as RunningRecord | undefined;

export const readCredentials = (folder: string): ClusterCredentials | undefined =>
  readJson(join(folder, CREDENTIALS_FILE), CREDENTIALS) as ClusterCredentials | undefined;

export const writeSettings = (folder: string, settings: ClusterSettings): void =>
  writePrivate(join(folder, SETTINGS_FILE), jsonText(settings));

export const writeRecord = (folder: string, running: RunningRecord): void =>
  writePrivate(join(folder, RECORD_FILE), jsonText(running));

export const writeCredentials = (folder: string, credentials: ClusterCredentials): void =>
  writePrivate(join(folder, CREDENTIALS_FILE), jsonText(credentials));

/** Removes the record of the process. */
export const removeRecord = (folder: string): void => rmSync(join(folder, RECORD_FILE), { force: true });

const jsonText = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** Writes a file with mode 600 atomically. A symbolic link at the path is replaced and not followed. */
export const writePrivate = (path: string, content: string): void => replaceWhole(path, content, 0o600);

/**
 * Reads a regular file of a cluster's folder. Returns `undefined` when the file does not exist or is not a regular
 * file. A symbolic link is refused with the error ELOOP.
 */
export function readPrivate(path: string): string | undefined {
  try {
    return readRegularFile(path, NO_FOLLOW).toString();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR', 'ENOTSUP', 'ENXIO'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/**
 * Reads a JSON file. Returns `undefined` when the file is absent or incomplete, or when its content has another shape.
 */
function readJson(path: string, shape: Shape): JsonValue | undefined {
  const content = readPrivate(path);
  const value = content === undefined ? undefined : tryParseJson(content);
  return value !== undefined && shape(value) ? value : undefined;
}
