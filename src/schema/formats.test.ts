import { describe, expect, test } from 'vitest';
import { formatCheck } from './formats.ts';

const FORMATS: Record<string, { good: string[]; bad: string[] }> = {
  date: { good: ['2024-02-29'], bad: ['2023-02-29', '2023-13-01', '2023-1-1', ''] },
  'date-time': {
    good: ['2020-01-01T00:00:00Z', '2020-01-01t23:59:59.123+02:00'],
    bad: ['2020-01-01', '2020-01-01T24:00:00Z', '2020-01-01T00:00:60Z', '2020-01-01T00:00:00'],
  },
  duration: { good: ['1h30m', '0', '1.5s', '3 days', '-2ms'], bad: ['h', '1', '', '1x'] },
  email: { good: ['a@b.c', 'Ann <a@b.c>'], bad: ['a', '@b', 'a@', 'a b@c'] },
  hostname: { good: ['a', 'a-b.example.com'], bad: ['-a', 'a..b', 'a_b', 'x'.repeat(64)] },
  ipv4: { good: ['1.2.3.4'], bad: ['1.2.3', '256.1.1.1', '::1'] },
  ipv6: { good: ['::1', 'fe80::1'], bad: ['1.2.3.4', 'fe80::1%eth0'] },
  cidr: { good: ['10.0.0.0/8', '::/0'], bad: ['10.0.0.0', '10.0.0.0/33', '::/129'] },
  mac: { good: ['00:11:22:33:44:55', '0011.2233.4455'], bad: ['00:11', '00:11:22:33:44:5g'] },
  uuid: { good: ['123e4567-e89b-12d3-a456-426614174000', '123E4567E89B12D3A456426614174000'], bad: ['123e4567'] },
  uuid4: { good: ['123e4567-e89b-42d3-a456-426614174000'], bad: ['123e4567-e89b-12d3-a456-426614174000'] },
  byte: { good: ['YQ==', 'YWJj'], bad: ['YQ=', '*', ''] },
  uri: { good: ['https://x.y/z', '/path'], bad: ['x y', '', 'nope', 'https://%zz'] },
  isbn13: { good: ['978-0-306-40615-7'], bad: ['978-0-306-40615-8'] },
  isbn10: { good: ['0-306-40615-2'], bad: ['0-306-40615-3'] },
  creditcard: { good: ['4111 1111 1111 1111'], bad: ['4111 1111 1111 1112', '1'] },
  hexcolor: { good: ['#fff', 'a0b1c2'], bad: ['#ff', 'ggg'] },
  rgbcolor: { good: ['rgb(0, 10, 255)'], bad: ['rgb(0,0,256)', 'rgb(0,0)'] },
  bsonobjectid: { good: ['507f1f77bcf86cd799439011'], bad: ['507f'] },
  ssn: { good: ['123-45-6789'], bad: ['123-456-789'] },
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

test('checks stay fast on long texts', () => {
  const started = performance.now();
  for (const format of Object.keys(FORMATS)) {
    for (const text of [
      'a'.repeat(100_000),
      '1.'.repeat(50_000),
      '1h'.repeat(50_000),
      '-'.repeat(100_000),
      'a@'.repeat(50_000),
    ]) {
      formatCheck(format)?.(text);
    }
  }
  expect(performance.now() - started).toBeLessThan(5000);
});
