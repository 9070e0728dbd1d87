import type { AppPage } from './app-page.ts'
import { link, numbers } from './wiki.ts'

/** Personnel records and payroll: sixty people, and what each is paid. */
export function records(_method: string, path: string): AppPage | null {
  if (path === '/' || path === '/people')
    return {
      title: 'Records',
      lines: ['Personnel files and payroll.'],
      links: numbers(60).flatMap((n) => [
        link(`/people/${n}`, `File ${n}`),
        link(`/payroll/${n}`, `Payroll ${n}`),
      ]),
    }
  const year = /^\/export\/(20\d\d)$/.exec(path)?.[1]
  if (year !== undefined)
    return { title: `Export ${year}`, lines: [`Everybody's pay of ${year}, as one file.`] }
  const [, kind, id] = /^\/(people|payroll)\/(\d{1,2})$/.exec(path) ?? []
  if (kind === undefined || id === undefined) return null
  return kind === 'people'
    ? { title: `Personnel file ${id}`, lines: [`Employee number ${1000 + Number(id)}.`] }
    : { title: `Payroll ${id}`, lines: [`Paid on the last working day; grade ${(Number(id) % 7) + 1}.`] }
}
