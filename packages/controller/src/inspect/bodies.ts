import { badInspectRequest, jsonBody } from './inspect-failure.ts';
import type { ActionRequest, InspectAction, PlanFile, PlanRequest } from './inspect-model.ts';

/** The maximum number of files of a plan. */
const MAX_FILES = 100;

/** The maximum length of the name of a file. */
const MAX_NAME_LENGTH = 200;

const ACTIONS: readonly InspectAction[] = ['suspend', 'resume', 'reconcile'];

/**
 * Reads the body of `POST plan`. File names are used only in messages; the server opens no file.
 *
 * @throws InspectFailure 400 for any other body.
 */
export function readPlanRequest(body: string): PlanRequest {
  const { files } = jsonBody(body);
  if (!Array.isArray(files) || files.length === 0 || files.length > MAX_FILES)
    throw badInspectRequest(`files must be a list of 1 to ${MAX_FILES} files`);
  const read = files.map(fileOf);
  // Each problem shows the name of its file, so two files with the same name could not be distinguished.
  if (new Set(read.map(({ name }) => name)).size < read.length)
    throw badInspectRequest('each file must have its own name');
  return { files: read };
}

function fileOf(file: unknown): PlanFile {
  const { name, text } = (typeof file === 'object' && file !== null ? file : {}) as Record<string, unknown>;
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH || typeof text !== 'string')
    throw badInspectRequest('each file must have a "name" and a "text"');
  return { name, text };
}

/**
 * Reads the body of `POST instances/REF/actions`.
 *
 * @throws InspectFailure 400 for any other body.
 */
export function readActionRequest(body: string): ActionRequest {
  const { action: named } = jsonBody(body);
  const action = ACTIONS.find((each) => each === named);
  if (action === undefined) throw badInspectRequest(`action must be one of ${ACTIONS.join(', ')}`);
  return { action };
}
