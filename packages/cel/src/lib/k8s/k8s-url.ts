import type { CallContext, Library } from '../../library.ts';
import { setOwn } from '@typekro/kit/core';
import { Failure, parseRequestUrl, goUrl } from '@typekro/kit/golang';
import { BOOL, listType, mapType, STRING } from '../../types.ts';
import { fail, type Value } from '../../values.ts';
import { member, overload, reading, declare } from '../define.ts';
import { URL_TYPE, UrlValue } from '../opaque.ts';

/** Kubernetes' CEL library of URLs: `url`, `isURL` and the parts of a URL. */
export const kubernetesUrl: Library = {
  name: 'kubernetes.urls',
  functions: [
    declare('url', overload('string_to_url', [STRING], URL_TYPE, reading(toUrl))),
    part('getScheme', 'url_get_scheme', ({ url }) => url.scheme),
    part('getHost', 'url_get_host', ({ url }) => goUrl.urlHost(url)),
    part('getHostname', 'url_get_hostname', ({ url }) => goUrl.urlHostAndPort(url).host),
    part('getPort', 'url_get_port', ({ url }) => goUrl.urlHostAndPort(url).port),
    part('getEscapedPath', 'url_get_escaped_path', ({ url }) => goUrl.urlEscapedPath(url)),
    declare('getQuery', member('url_get_query', [URL_TYPE], mapType(STRING, listType(STRING)), getQuery)),
    declare(
      'isURL',
      overload(
        'is_url_string',
        [STRING],
        BOOL,
        reading((text) => !(parseRequestUrl(text) instanceof Failure)),
      ),
    ),
  ],
};

function part(name: string, id: string, get: (value: UrlValue) => string) {
  return declare(name, member(id, [URL_TYPE], STRING, get));
}

/**
 * Parses a URL. Kubernetes first checks the string with Go's `url.ParseRequestURI`, which does not split off a
 * fragment. It then parses the string with `url.Parse`, which splits off the fragment.
 */
function toUrl(text: string): Value {
  const request = parseRequestUrl(text);
  const url = request instanceof Failure ? request : goUrl.parseUrl(text);
  if (url instanceof Failure) return fail(`URL parse error during conversion from string: ${url.message}`);
  return new UrlValue(url);
}

function getQuery({ url }: UrlValue, context: CallContext): Value {
  context.charge(url.rawQuery.length >> 2);
  const query: Record<string, Value> = {};
  for (const [key, values] of goUrl.urlQuery(url)) setOwn(query, key, values);
  return query;
}
