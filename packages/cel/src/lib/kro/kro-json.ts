import type { CallContext, Library } from '../../library.ts';
import { Failure } from '@typekro/kit/golang';
import { DYN, STRING } from '../../types.ts';
import { fail, type Value } from '../../values.ts';
import { overload, declare } from '../define.ts';
import { marshalJson } from '../json-marshal.ts';
import { parseGoJson } from '../json-parse.ts';

/** kro's `json.unmarshal` and `json.marshal`. */
export const kroJson: Library = {
  name: 'json',
  functions: [
    declare(
      'json.unmarshal',
      overload('json.unmarshal_string', [STRING], DYN, (text: string, context: CallContext) => {
        context.charge(text.length);
        const value = parseGoJson(text);
        return value instanceof Failure ? fail(`json.unmarshal failed to parse JSON: ${value.message}`) : value;
      }),
    ),
    declare(
      'json.marshal',
      overload('json.marshal_dyn', [DYN], STRING, (value: Value, context: CallContext) => marshalJson(value, context)),
    ),
  ],
};
