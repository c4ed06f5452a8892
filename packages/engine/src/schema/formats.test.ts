import { describe, expect, test } from 'vitest';
import { formatCheck } from './formats.ts';

const FORMATS: Record<string, { good: string[]; bad: string[] }> = {
  date: { good: ['2024-02-29'], bad: ['2023-02-29', '2023-13-01', '2023-1-1', ''] },
  'date-time': {
    good: ['2020-01-01T00:00:00Z', '2020-01-01t23:59:59.123+02:00', '2020-01-01T10:00:00,5Z', '2020-01-01T10:00:00ZTx'],
    bad: [
      '2020-01-01',
      '2020-01-01T24:00:00Z',
      '2020-01-01T00:00:60Z',
      '2020-01-01T00:00:00',
      '2020-01-01T10:00:00.Z',
      '2020-01-01T10:00:00\n5Z',
    ],
  },
  duration: {
    good: [
      '1h30m',
      '0',
      '1.5s',
      '3 days',
      '-2ms',
      '1d12h',
      '2 days 3 hours',
      '10 secs',
      '5 mins',
      '2 hr',
      '1 wk',
      '1.5 days',
      '3 D',
      '3 µs',
      'about 3 days!',
      '1 x 2 d',
    ],
    bad: ['h', '1', '', '1x', '2 hrs', '1 ſ', '5 μs', '99999999999999999999 d'],
  },
  email: {
    good: ['a@b.c', 'Ann <a@b.c>', 'Ann B. Lee <a@b.c>', '"Lee, Ann"x <a@b.c>', '<a@b.c>', 'a@[1.2.3.4]', 'ä@b.de'],
    bad: ['a', '@b', 'a@', 'a b@c', 'Lee, Ann <a@b.c>', 'Ann <a@b.c> x'],
  },
  hostname: {
    good: ['a', 'a-b.example.com', 'localhost', 'a-b', 'a.bc', 'my-host.local', 'münchen.de', 'a.münchen', '☃.net'],
    bad: ['-a', 'a..b', 'a_b', 'x'.repeat(64), 'my-host', 'a.b', 'x.y2', '10.0.0.10', 'a-.com', 'foo.', 'a.co-m'],
  },
  ipv4: { good: ['1.2.3.4', '010.1.1.1', '::ffff:1.2.3.4'], bad: ['1.2.3', '256.1.1.1', '::1', '1.2.3.4%eth0'] },
  ipv6: { good: ['::1', 'fe80::1', '::ffff:1.2.3.4'], bad: ['1.2.3.4', 'fe80::1%eth0', '::ffff:01.2.3.4'] },
  cidr: {
    good: ['10.0.0.0/8', '::/0', '010.0.0.0/8', '1.2.3.4/08', '1.2.3.4/0000000032', '::ffff:1.2.3.4/120'],
    bad: ['10.0.0.0', '10.0.0.0/33', '::/129', 'fe80::1%eth0/64', '1.2.3.4/ 8', '1.2.3.4/'],
  },
  mac: { good: ['00:11:22:33:44:55', '0011.2233.4455'], bad: ['00:11', '00:11:22:33:44:5g', '00:11-22:33:44:55'] },
  uuid: { good: ['123e4567-e89b-12d3-a456-426614174000', '123E4567E89B12D3A456426614174000'], bad: ['123e4567'] },
  uuid4: { good: ['123e4567-e89b-42d3-a456-426614174000'], bad: ['123e4567-e89b-12d3-a456-426614174000'] },
  byte: { good: ['YQ==', 'YWJj'], bad: ['YQ=', '*', ''] },
  uri: {
    good: ['https://x.y/z', '/path', 'http:', '*', 'x:y', 'https://x/a b', '/a b', 'http://x?q=%zz', 'mailto:a@b'],
    bad: ['x y', '', 'nope', 'https://%zz', 'http://[::1', '/%zz', 'http://a b/', 'http://h:port/', '#x', '/a\nb'],
  },
  isbn13: { good: ['978-0-306-40615-7'], bad: ['978-0-306-40615-8'] },
  isbn10: { good: ['0-306-40615-2'], bad: ['0-306-40615-3'] },
  creditcard: { good: ['4111 1111 1111 1111'], bad: ['4111 1111 1111 1112', '1'] },
  hexcolor: { good: ['#fff', 'a0b1c2'], bad: ['#ff', 'ggg'] },
  rgbcolor: { good: ['rgb(0, 10, 255)'], bad: ['rgb(0,0,256)', 'rgb(0,0)'] },
  bsonobjectid: { good: ['507f1f77bcf86cd799439011'], bad: ['507f'] },
  ssn: { good: ['123-45-6789', '123 45 6789'], bad: ['123-456-789', '123456789', '123-456789'] },
};

describe.each(Object.entries(FORMATS))('%s', (format, { good, bad }) => {
  test.each(good)('takes %j', (text) => {
    expect(formatCheck(format)?.(text)).toBe(true);
  });

  test.each(bad)('refuses %j', (text) => {
    expect(formatCheck(format)?.(text)).toBe(false);
  });
});

test('a format that API servers do not check has no check', () => {
  expect(formatCheck('phone')).toBeUndefined();
  expect(formatCheck('constructor')).toBeUndefined();
});

test('checks stay fast on long strings', () => {
  const started = performance.now();
  for (const format of Object.keys(FORMATS)) {
    for (const text of [
      'a'.repeat(100_000),
      '1.'.repeat(50_000),
      '1h'.repeat(50_000),
      '-'.repeat(100_000),
      'a@'.repeat(50_000),
      '1'.repeat(100_000),
      '"'.repeat(100_001),
      `a${' '.repeat(100_000)}<`,
      `1${' '.repeat(100_000)}`,
    ]) {
      formatCheck(format)?.(text);
    }
  }
  expect(performance.now() - started).toBeLessThan(5000);
});
