import { z } from 'zod'
import { AdHocFilters, type AdHocFilter } from './ad-hoc.ts'
import type { Definition, Variable } from './definition.ts'
import type { GrafanaContext } from './macros.ts'

const VALUE = z.string().max(1000)

/** Values of variables as they stand in an address: `var-<name>`, several for one that takes several. */
export const GivenValue = z.union([VALUE, z.array(VALUE).max(100)])
export type Given = Readonly<Record<string, string | readonly string[] | number>>

/** A value for every variable of the dashboard; what is not given is as the dashboard begins. */
export function valuesOf(definition: Definition, given: Given): GrafanaContext['variables'] {
  return Object.fromEntries(
    definition.templating.list
      .filter(({ type }) => type !== 'adhoc')
      .map((variable) => [variable.name, valueOf(variable, given[`var-${variable.name}`])]),
  )
}

/** What the reader filters by; `mistake` where that can't be read. */
export function filtersOf(
  definition: Definition,
  given: Given,
): { filters: readonly AdHocFilter[]; mistake?: z.ZodError } {
  const name = definition.templating.list.find(({ type }) => type === 'adhoc')?.name
  const value = name === undefined ? undefined : given[`var-${name}`]
  if (value === undefined || value === '') return { filters: [] }
  const parsed = AdHocFilters.safeParse(typeof value === 'object' ? value : [String(value)])
  return parsed.success ? { filters: parsed.data } : { filters: [], mistake: parsed.error }
}

function valueOf(variable: Variable, given: Given[string] | undefined): string | readonly string[] {
  const values = chosen(variable, given)
  const all = values.includes('$__all') || values.every((value) => value === '')
  if (variable.includeAll && all) return variable.allValue ?? '$__all'
  return variable.multi && values.length > 1 ? values : (values[0] ?? '')
}

/** What is given, or else what the dashboard begins with. A text that was emptied stays empty. */
function chosen(variable: Variable, given: Given[string] | undefined): readonly string[] {
  if (variable.type === 'constant') return [variable.query]
  const values = typeof given === 'object' ? given : given === undefined ? [] : [String(given)]
  if (variable.type === 'textbox') return values.length > 0 ? values : [variable.query]
  return values.some((value) => value !== '') ? values : [variable.current?.value ?? ''].flat()
}
