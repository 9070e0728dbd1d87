import type { AppPage } from './app-page.ts'
import { link, numbers } from './wiki.ts'

/** Builds and deployments of twelve services; `/logs/stream` is a live stream. */
export function deploy(method: string, path: string): AppPage | null {
  if (path === '/' || path === '/builds')
    return {
      title: 'Builds',
      lines: ['The latest builds of every service.'],
      links: [
        ...numbers(12).map((n) => link(`/services/${n}`, `Service ${n}`)),
        link('/logs/stream', 'Live log'),
      ],
    }
  if (path === '/secrets') return { title: 'Secrets', lines: ['What services sign in with, by name alone.'] }
  const [, id, action] = /^\/services\/(\d{1,2})(\/deploy)?$/.exec(path) ?? []
  if (id === undefined) return null
  if (action === undefined)
    return {
      title: `Service ${id}`,
      lines: ['Healthy.'],
      action: { path: `/services/${id}/deploy`, text: 'Deploy to production' },
    }
  return method === 'POST' ? { title: `Service ${id}`, lines: ['A deployment was started.'] } : null
}
