import type { CallContext, Library } from '../library.ts';
import { BYTES, DYN, STRING } from '../types.ts';
import type { Value } from '../values.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { orFail, overload, declare } from './define.ts';
import { encodeJson } from './json-encode.ts';

/** cel-go's encoders extension: base64 and `json.encode`. */
export const encoders: Library = {
  name: 'cel.lib.ext.encoders',
  functions: [
    declare(
      'base64.decode',
      overload('base64_decode_string', [STRING], BYTES, (text: string, context: CallContext) => {
        context.charge(text.length);
        return orFail(decodeBase64(text));
      }),
    ),
    declare(
      'base64.encode',
      overload('base64_encode_bytes', [BYTES], STRING, (bytes: Uint8Array, context: CallContext) => {
        context.charge(bytes.length * 2);
        return encodeBase64(bytes);
      }),
    ),
    declare(
      'json.encode',
      overload('json_encode_dyn', [DYN], STRING, (value: Value, context: CallContext) => encodeJson(value, context)),
    ),
  ],
};
