/** The text of a form's field, without white space around it. @param {Event} event of the form @param {string} name */
export function fieldText(event, name) {
  const form = event.currentTarget
  if (!(form instanceof HTMLFormElement)) return ''
  const value = new FormData(form).get(name)
  return typeof value === 'string' ? value.trim() : ''
}
