// Soft at both edges, in place of multisampling; what the picture covers hides lines behind it.
in vec4 vTint;
in float vSide;
uniform float uWidth;
uniform float uBehind;      // 1 for lines behind the picture, 0 for those in front
out vec4 color;

void main() {
  float cover = clamp(.5 * uWidth + .5 - abs(vSide), 0., 1.);
  float hidden = uBehind * pictureAt((gl_FragCoord.xy - uViewport.xy) * uViewport.zw).a;
  color = vec4(vTint.rgb, 1.) * vTint.a * cover * (1. - hidden);
}
