/**
 * A fault as ClickHouse tells it: `Code: N. DB::Exception: text (NAME)`. The
 * engine's own come as text of that form; what this interface refuses itself
 * takes the code that a server would give.
 */
export class EngineException extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.name = 'EngineException'
    this.code = code
  }
}

/** Codes of ClickHouse's ErrorCodes.cpp that this interface raises itself. */
export const exceptionNames = {
  36: 'BAD_ARGUMENTS',
  48: 'NOT_IMPLEMENTED',
  62: 'SYNTAX_ERROR',
  115: 'UNKNOWN_SETTING',
  159: 'TIMEOUT_EXCEEDED',
  164: 'READONLY',
  194: 'REQUIRED_PASSWORD',
  202: 'TOO_MANY_SIMULTANEOUS_QUERIES',
  210: 'NETWORK_ERROR',
  229: 'QUERY_IS_TOO_LARGE',
  354: 'ZLIB_INFLATE_FAILED',
  358: 'INTO_OUTFILE_NOT_ALLOWED',
  452: 'SETTING_CONSTRAINT_VIOLATION',
  497: 'ACCESS_DENIED',
  516: 'AUTHENTICATION_FAILED',
} as const

export function refuse(code: keyof typeof exceptionNames, text: string): EngineException {
  return new EngineException(code, `Code: ${code}. DB::Exception: ${text} (${exceptionNames[code]})`)
}

/** What the engine threw, with the code read from its text (1002, UNKNOWN_EXCEPTION, when it has none). */
export function asException(error: unknown): EngineException {
  if (error instanceof EngineException) return error
  const text = error instanceof Error ? error.message : String(error)
  const code = /Code: (\d{1,5})\. DB::Exception/.exec(text)?.[1]
  if (code !== undefined) return new EngineException(Number(code), text)
  return new EngineException(1002, `Code: 1002. DB::Exception: ${text} (UNKNOWN_EXCEPTION)`)
}

const statuses: readonly (readonly [status: number, codes: readonly number[]])[] = [
  [401, [194]],
  [403, [192, 193, 512, 516]],
  [400, [6, 26, 27, 36, 38, 41, 43, 53, 62, 72, 117, 130, 131, 167, 168, 321, 427, 456]],
  [404, [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 511]],
  [408, [159]],
  [413, [229]],
  [501, [48]],
  [503, [202, 209, 439]],
]

/** The HTTP status that ClickHouse gives with a code (exceptionCodeToHTTPStatus); a full queue is 503 here, so that clients come again. */
export function statusOf(code: number): number {
  return statuses.find(([, codes]) => codes.includes(code))?.[0] ?? 500
}
