import type { AppPage } from './app-page.ts'

/** The company's wiki: forty pages for everybody, and an admin page. */
export function wiki(_method: string, path: string): AppPage | null {
  if (path === '/')
    return {
      title: 'Wiki',
      lines: ['Forty pages about everything.'],
      links: [...numbers(40).map((n) => link(`/pages/${n}`, `Page ${n}`)), link('/admin', 'Administration')],
    }
  if (path === '/admin') return { title: 'Administration', lines: ['Who may write where.'] }
  const page = /^\/pages\/(\d{1,2})$/.exec(path)?.[1]
  return page === undefined
    ? null
    : {
        title: `Page ${page}`,
        lines: [`What everybody should know about subject ${page}.`],
        links: [link('/', 'All pages')],
      }
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_value, index) => index + 1)
}

export function link(path: string, text: string): readonly [string, string] {
  return [path, text]
}
