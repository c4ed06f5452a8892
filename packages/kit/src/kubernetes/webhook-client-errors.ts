import { type JsonObject, isJsonObject } from '../core/index.ts';
import { Failure, goUrl } from '../golang/index.ts';
import { urlFragment, urlRawQuery, urlUserinfo } from '../golang/url.ts';
import { type FieldError, fieldErrors } from './field-errors.ts';
import { dnsSubdomain } from './names.ts';
import { asText } from './object-fields.ts';

const { invalid, required } = fieldErrors((value) => JSON.stringify(value));

const FORM = '; desired format: https://host[/path]';
const MAX_PORT = 65_535;

/**
 * The errors of the `clientConfig` of a webhook at the path `at`, as the API server reports them for admission and
 * conversion webhooks.
 */
export function webhookClientErrors(client: JsonObject, at: string): FieldError[] {
  const [url, service] = [client['url'], client['service']];
  if ((url === undefined) === (service === undefined))
    return [required(at, 'exactly one of url or service is required')];
  if (isJsonObject(service)) return [...serviceErrors(service, `${at}.service`)];
  return [...urlErrors(asText(url), `${at}.url`)];
}

function* urlErrors(text: string, path: string): Generator<FieldError> {
  const url = goUrl.parseUrl(text);
  if (url instanceof Failure) {
    yield required(path, `url must be a valid URL: ${url.message}${FORM}`);
    return;
  }
  const { scheme, host } = url;
  if (scheme !== 'https') yield invalid(path, scheme, `'https' is the only allowed URL scheme${FORM}`);
  if (host === '') yield invalid(path, host, `host must be specified${FORM}`);
  const [user, fragment, query] = [urlUserinfo(url), urlFragment(url), urlRawQuery(url)];
  if (user !== undefined) yield invalid(path, user, 'user information is not permitted in the URL');
  if (fragment !== '') yield invalid(path, fragment, 'fragments are not permitted in the URL');
  if (query !== '') yield invalid(path, query, 'query parameters are not permitted in the URL');
}

function* serviceErrors(service: JsonObject, at: string): Generator<FieldError> {
  for (const key of ['name', 'namespace']) if (asText(service[key]) === '') yield required(`${at}.${key}`);
  const port = service['port'] ?? 443;
  if (typeof port === 'number' && (port < 1 || port > MAX_PORT))
    yield invalid(`${at}.port`, port, `port is not valid: must be between 1 and ${MAX_PORT}, inclusive`);
  yield* pathErrors(asText(service['path']), `${at}.path`);
}

function* pathErrors(path: string, at: string): Generator<FieldError> {
  if (path === '' || path === '/') return;
  if (path === '//') {
    yield invalid(at, path, 'segment[0] may not be empty');
    return;
  }
  if (!path.startsWith('/')) yield invalid(at, path, "must start with a '/'");
  // As in Kubernetes, the first character is skipped even if it is not a slash.
  const checked = path.slice(1).replace(/\/$/, '');
  for (const [index, segment] of checked.split('/').entries()) {
    if (segment === '') yield invalid(at, path, `segment[${index}] may not be empty`);
    else for (const problem of dnsSubdomain(segment)) yield invalid(at, path, `segment[${index}]: ${problem}`);
  }
}
