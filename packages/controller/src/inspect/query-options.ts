import { badInspectRequest } from './failure.ts';

/** The maximum length of an unknown name in a message. */
const MAX_NAME_LENGTH = 100;

/**
 * Refuses a query with an option that the path does not have. If a misspelled filter were ignored, the response would
 * contain more than the caller wants.
 *
 * @throws InspectFailure 400, which names the known options.
 */
export function refuseUnknownParameters(parameters: URLSearchParams, known: readonly string[]): void {
  const unknown = [...parameters.keys()].find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const options = known.length === 0 ? 'this path has none' : `the options of this path are ${known.join(', ')}`;
  throw badInspectRequest(`there is no option ${JSON.stringify(unknown.slice(0, MAX_NAME_LENGTH))}: ${options}`);
}
