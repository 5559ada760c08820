// A segment as a ribbon of constant width in pixels.
in vec3 position;           // x: 0 at the start, 1 at the end; y: side, -1 or 1
in vec3 start;
in vec3 end;
in vec4 tint;
uniform mat4 uClip;
uniform vec2 uHalfSize;     // half the view in pixels
uniform float uWidth;
out vec4 vTint;
out float vSide;

void main() {
  vec4 a = uClip * vec4(start, 1.);
  vec4 b = uClip * vec4(end, 1.);
  float near = 1e-4 * max(abs(a.w), abs(b.w));
  if (a.w < near) a = mix(b, a, (b.w - near) / (b.w - a.w));
  if (b.w < near) b = mix(a, b, (a.w - near) / (a.w - b.w));
  vec2 along = (b.xy / b.w - a.xy / a.w) * uHalfSize;
  vec2 across = normalize(vec2(-along.y, along.x) + 1e-9);
  vec4 p = position.x < .5 ? a : b;
  float reach = .5 * uWidth + 1.;
  p.xy += across * position.y * reach / uHalfSize * p.w;
  gl_Position = vec4(p.xy / p.w, 0., 1.);
  vTint = tint;
  vSide = position.y * reach;
}
