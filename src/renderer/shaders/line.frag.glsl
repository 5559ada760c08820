// Soft at both edges, in place of multisampling.
in vec4 vTint;
in float vSide;
uniform float uWidth;
out vec4 color;

void main() {
  float cover = clamp(.5 * uWidth + .5 - abs(vSide), 0., 1.);
  color = vec4(vTint.rgb, 1.) * vTint.a * cover;
}
