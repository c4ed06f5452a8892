import { describe, expect, test } from 'vitest';
import { Failure } from './strconv.ts';
import { formatUrl, parseRequestUrl, parseUrl, urlEscapedPath, urlHost, urlHostAndPort, urlQuery } from './url.ts';

describe('URLs', () => {
  test.each([
    ['https://example.com:8443/p/a%20th?q=1#f', 'example.com:8443', 'example.com', '8443', '/p/a%20th'],
    ['https://[::1]:80/x', '[::1]:80', '::1', '80', '/x'],
    ['http://a:b@c.com/', 'c.com', 'c.com', '', '/'],
    ['ftp://x/y z', 'x', 'x', '', '/y%20z'],
    ['http://host/a%2fb', 'host', 'host', '', '/a%2fb'],
    ['postgres://a:1,b:2/db', 'a:1,b:2', 'a:1,b', '2', '/db'],
    ['mailto:x@y', '', '', '', ''],
    ['/only/path', '', '', '', '/only/path'],
    ['http://é.com/☃', 'é.com', 'é.com', '', '/%E2%98%83'],
  ])('are split into their parts: %s', (text, host, hostname, port, path) => {
    const url = parseUrl(text);
    if (url instanceof Failure) throw new Error(url.message);
    expect([urlHost(url), urlHostAndPort(url), urlEscapedPath(url)]).toEqual([host, { host: hostname, port }, path]);
  });

  test.each([
    ['', 'parse "": empty url'],
    ['relative', 'parse "relative": invalid URI for request'],
    ['https://exa mple.com', 'parse "https://exa mple.com": invalid character " " in host name'],
    ['https://x:abc', 'parse "https://x:abc": invalid port ":abc" after host'],
    ['http://a:1:2/', 'parse "http://a:1:2/": invalid port ":1:2" after host'],
    ['http://[::1/', 'parse "http://[::1/": missing \']\' in host'],
    ['http://[1.2.3.4]/', 'parse "http://[1.2.3.4]/": invalid IP-literal'],
    ['http://x/%zz', 'parse "http://x/%zz": invalid URL escape "%zz"'],
    ['http://x/\n', 'parse "http://x/\\n": net/url: invalid control character in URL'],
    [':x', 'parse ":x": missing protocol scheme'],
    ['http://a%41.com/', 'parse "http://a%41.com/": invalid URL escape "%41"'],
  ])('%j is refused as the URL of a request', (text, message) => {
    expect(parseRequestUrl(text)).toEqual(new Failure(message));
  });

  test('a plus means a space only in a query', () => {
    const url = parseUrl('http://h/a+b?q=a+b');
    expect(url).toMatchObject({ path: '/a+b' });
    expect(url instanceof Failure ? url : [...urlQuery(url)]).toEqual([['q', ['a b']]]);
  });

  test('query parameters keep their order; pairs that cannot be decoded are dropped', () => {
    const url = parseUrl('http://x/?q=1&q=2&z=&bad=%zz&a;b=1&%C3%A9=%2B+');
    expect(url instanceof Failure ? url : [...urlQuery(url)]).toEqual([
      ['q', ['1', '2']],
      ['z', ['']],
      ['é', ['+ ']],
    ]);
  });

  test('a formatted URL keeps the original encoding if it is valid', () => {
    const texts = ['http://h/a%2fb?x=y#fr%2Fag', 'mailto:a@b', 'http://u:p@h/', '/p?', 'http:/x'];
    expect(texts.map((text) => formatUrl(parseUrl(text) as Exclude<ReturnType<typeof parseUrl>, Failure>))).toEqual(
      texts,
    );
  });
});
