/** placeholder until the velero helper lands */
export function formatGoDuration(seconds: number): string {
  const s = Math.round(seconds);
  return `${Math.floor(s / 3600)}h${Math.floor((s % 3600) / 60)}m${s % 60}s`;
}
