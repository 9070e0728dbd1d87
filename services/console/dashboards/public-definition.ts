import type { Definition } from './definition.ts'

/** A definition without its queries: the page names a panel, never a query. */
export function publicOf({ panels, templating, annotations, ...rest }: Definition, query_timeout_s: number) {
  return {
    ...rest,
    /** When a panel's query is ended, in seconds. */
    query_timeout_s,
    annotations: annotations.list
      .filter(({ enable, target }) => enable && target !== undefined)
      .map(({ name, iconColor }) => ({ name, colour: iconColor })),
    variables: templating.list.map(({ query, ...variable }) => ({
      ...variable,
      ...(variable.type === 'textbox' && { default: query }),
      ...(variable.type === 'custom' && { choices: query.split(',').map((each) => each.trim()) }),
    })),
    panels: panels.map(({ targets, ...panel }) => ({
      ...panel,
      // What the store groups by time has no gaps: where it has no row, nothing happened.
      metrics: targets.some((target) => 'expr' in target),
    })),
  }
}
export type PublicDefinition = ReturnType<typeof publicOf>
