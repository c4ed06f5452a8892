import { getOrInsert } from '@typekro/kit/core';
import { failure, Failure } from '@typekro/kit/golang';
import { atoi } from './format-parse.ts';

/**
 * The time zones that CEL's accessors accept: a name of the IANA database, or `±hours:minutes`. `Intl` looks up the
 * names. In contrast to Go, `Intl` ignores letter case, so this module also compares the spelling with that of the
 * database.
 */

/** Names that the database keeps for compatibility and that `Intl.supportedValuesOf` leaves out. */
const LINKS = `
Africa/Asmara Africa/Timbuktu
America/Argentina/{Buenos_Aires,Catamarca,ComodRivadavia,Cordoba,Jujuy,Mendoza}
America/{Atikokan,Atka,Ensenada,Fort_Wayne,Indiana/Indianapolis,Kentucky/Louisville,Knox_IN,Montreal,Nipigon,Nuuk}
America/{Pangnirtung,Porto_Acre,Rainy_River,Rosario,Santa_Isabel,Shiprock,Thunder_Bay,Virgin,Yellowknife}
Antarctica/South_Pole
Asia/{Ashkhabad,Choibalsan,Chongqing,Chungking,Dacca,Harbin,Ho_Chi_Minh,Istanbul,Kashgar,Kathmandu,Kolkata,Macao}
Asia/{Tel_Aviv,Thimbu,Ujung_Pandang,Ulan_Bator,Yangon}
Atlantic/{Faroe,Jan_Mayen}
Australia/{ACT,Canberra,Currie,LHI,NSW,North,Queensland,South,Tasmania,Victoria,West,Yancowinna}
Brazil/{Acre,DeNoronha,East,West}
Canada/{Atlantic,Central,Eastern,Mountain,Newfoundland,Pacific,Saskatchewan,Yukon}
Chile/{Continental,EasterIsland}
Etc/{GMT,GMT0,Greenwich,UCT,UTC,Universal,Zulu}
Etc/{GMT+0,GMT+1,GMT+2,GMT+3,GMT+4,GMT+5,GMT+6,GMT+7,GMT+8,GMT+9,GMT+10,GMT+11,GMT+12}
Etc/{GMT-0,GMT-1,GMT-2,GMT-3,GMT-4,GMT-5,GMT-6,GMT-7,GMT-8,GMT-9,GMT-10,GMT-11,GMT-12,GMT-13,GMT-14}
Europe/{Belfast,Kyiv,Nicosia,Tiraspol,Uzhgorod,Zaporozhye}
Mexico/{BajaNorte,BajaSur,General}
Pacific/{Chuuk,Johnston,Kanton,Pohnpei,Samoa,Yap}
US/{Alaska,Aleutian,Arizona,Central,East-Indiana,Eastern,Hawaii,Indiana-Starke,Michigan,Mountain,Pacific,Samoa}
CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran
Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK
Singapore Turkey UCT UTC Universal W-SU WET Zulu`;

/**
 * A time zone as a function from a time (in seconds since 1970) to the offset from UTC (in seconds, positive to the
 * east).
 */
type Zone = (seconds: number) => number;

let knownNames: ReadonlySet<string> | undefined;

function isKnown(name: string): boolean {
  knownNames ??= new Set([...Intl.supportedValuesOf('timeZone'), ...LINKS.trim().split(/\s+/).flatMap(expand)]);
  return knownNames.has(name);
}

function expand(entry: string): string[] {
  const open = entry.indexOf('{');
  if (open < 0) return [entry];
  return entry
    .slice(open + 1, -1)
    .split(',')
    .map((part) => entry.slice(0, open) + part);
}

/**
 * One formatter for each zone, because building a formatter takes a thousand times as long as using it. The number of
 * zones in the database limits the number of formatters.
 */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(name: string): Intl.DateTimeFormat {
  return getOrInsert(
    formatters,
    name,
    () =>
      new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        calendar: 'gregory',
        numberingSystem: 'latn',
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      }),
  );
}

function namedOffset(name: string, seconds: number): number {
  // Parses the formatted string, because `formatToParts` takes eight times as long. In this locale, the order of the
  // numbers is month, day, year.
  const numbers =
    formatterOf(name)
      .format(seconds * 1000)
      .match(/\d+/g)
      ?.map(Number) ?? [];
  const [month = 1, day = 1, year = 0, hour = 0, minute = 0, second = 0] = numbers;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - seconds;
}

/** The first second of the Gregorian calendar. For earlier times `Intl` uses the Julian calendar. */
const GREGORIAN = -12_219_292_800;

/** Returns the time zone that a string names, or a failure with cel-go's message. */
export function findZone(text: string): Zone | Failure {
  const colon = text.indexOf(':');
  if (colon >= 0) return fixedZone(text, colon);
  if (text === '' || text === 'UTC' || text === 'Local') return () => 0;
  if (/\.\.|^[/\\]/.test(text)) return failure('time: invalid location name');
  if (!isKnown(text)) return failure(`unknown time zone ${text}`);
  return (seconds) => namedOffset(text, Math.max(seconds, GREGORIAN));
}

function fixedZone(text: string, colon: number): Zone | Failure {
  const hours = atoi(text.slice(0, colon));
  if (hours instanceof Failure) return hours;
  const minutes = atoi(text.slice(colon + 1));
  if (minutes instanceof Failure) return minutes;
  if (hours < -23 || hours > 23) return failure(`timezone offset hours out of range [-23, 23]: ${text}`);
  if (minutes < 0 || minutes > 59) return failure(`timezone offset minutes out of range [0, 59]: ${text}`);
  const offset = (Number(hours) * 60 + Number(text.startsWith('-') ? -minutes : minutes)) * 60;
  return () => offset;
}
