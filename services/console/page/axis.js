/** The date below the first label and where a day begins. @param {unknown} _u @param {number[]} splits */
export function timeLabels(_u, splits) {
  let day = ''
  return splits.map((second) => {
    const at = new Date(second * 1000)
    const time = at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    const date = at.toLocaleDateString(undefined, { month: 'short', day: 'numeric' })
    const label = date === day ? time : `${time}\n${date}`
    day = date
    return label
  })
}
