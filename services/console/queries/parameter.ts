/** What a parameter of a saved query takes, and as what the engine gets it. */
export type ParameterType = 'text' | 'integer' | 'number' | 'instant' | 'flag'

export interface Parameter {
  readonly name: string
  readonly type: ParameterType
  readonly title: string
  readonly hint: string
  /** As a person would write it; null: a value must be given. */
  readonly default: string | null
  /** Empty: any value of the type. */
  readonly choices: readonly string[]
}

const TYPES: readonly (readonly [RegExp, ParameterType])[] = [
  [/^String$/, 'text'],
  [/^U?Int(?:8|16|32|64)$/, 'integer'],
  [/^Float(?:32|64)$/, 'number'],
  [/^DateTime64\(3(?:, ?'UTC')?\)$/, 'instant'],
  [/^Bool$/, 'flag'],
]

/** By the engine's name of a type; null: not one that a value can be given for (an `Identifier` would be SQL). */
export function parameterType(engineType: string): ParameterType | null {
  return TYPES.find(([pattern]) => pattern.test(engineType.trim()))?.[1] ?? null
}

const MOST_TEXT = 1000
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * A value as the engine takes it for the parameter, or null where the text is
 * none of the type. An instant is one of ISO 8601, `now`, or `now-7d`.
 */
export function parameterValue(
  { type, choices }: Pick<Parameter, 'type' | 'choices'>,
  text: string,
  nowMs: number,
): string | null {
  if (choices.length > 0 && !choices.includes(text)) return null
  switch (type) {
    case 'text':
      return text.length <= MOST_TEXT ? text : null
    case 'integer':
      return /^-?\d{1,18}$/.test(text) ? text : null
    case 'number':
      return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? text : null
    case 'flag':
      return text === 'true' || text === 'false' ? text : null
    case 'instant':
      return instantValue(text, nowMs)
    default:
      return null
  }
}

/** Seconds with their milliseconds: read alike whatever the engine's time zone is. */
function instantValue(text: string, nowMs: number): string | null {
  const ago = /^now(?:-(\d{1,4})([mhd]))?$/.exec(text)
  const ms = ago ? nowMs - Number(ago[1] ?? 0) * (UNITS[ago[2] ?? 'd'] ?? 0) : Date.parse(text)
  return ms >= 0 && ms <= Date.UTC(2105, 11, 31) ? (ms / 1000).toFixed(3) : null
}
