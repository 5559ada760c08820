// A calm background: lighter above the middle, darker towards the corners, with noise below one step of 8 bits against banding.
out vec4 color;

uniform vec4 uViewport;     // lower left corner and 1 / size of the view in gl_FragCoord
uniform vec3 uColor;
uniform float uGlow;

void main() {
  vec2 p = (gl_FragCoord.xy - uViewport.xy) * uViewport.zw - vec2(.5, .58);
  float glow = uGlow * (smoothstep(.85, 0., length(p)) - .45);
  float noise = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453) - .5;
  color = vec4(uColor + glow + noise / 255., 1.);
}
