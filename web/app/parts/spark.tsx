/** A curve of the size of a word. Missing values break the line. */
export function Spark({ values, label }: { values: readonly (number | null)[]; label: string }) {
  const width = 120;
  const height = 50;
  const top = Math.max(1, ...values.map((value) => value ?? 0));
  const step = width / Math.max(1, values.length - 1);
  const runs: { x: number; y: number }[][] = [[]];
  values.forEach((value, index) => {
    if (value === null) runs.push([]);
    else runs.at(-1)?.push({ x: index * step, y: height - 1 - (value / top) * (height - 4) });
  });
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {runs
        .filter((run) => run.length > 0)
        .map((run) => {
          const line = run.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L');
          const first = run[0]?.x ?? 0;
          const last = run.at(-1)?.x ?? 0;
          return (
            <g key={first}>
              <path d={`M${line}L${last} ${height}L${first} ${height}z`} fill="var(--grid)" />
              <path
                d={`M${line}`}
                fill="none"
                stroke="var(--text2)"
                strokeWidth="1.4"
                vectorEffect="non-scaling-stroke"
              />
            </g>
          );
        })}
    </svg>
  );
}
