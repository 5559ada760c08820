// Soft at its edge, darker towards it.
in vec2 vPlace;
flat in float vPixels;
flat in vec4 vColor;
out vec4 color;

void main() {
  float from = length(vPlace);
  float cover = clamp(vPixels + .5 - from, 0., 1.);
  if (cover <= 0.) discard;
  float rim = smoothstep(vPixels - 1.5, vPixels, from) * step(4., vPixels);
  color = vec4(vColor.rgb * (1. - .45 * rim), 1.) * (vColor.a * cover);
}
