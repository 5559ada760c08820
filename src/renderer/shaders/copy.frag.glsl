// A texture, texel by pixel.
uniform sampler2D uSource;
out vec4 color;

void main() {
  color = texelFetch(uSource, ivec2(gl_FragCoord.xy), 0);
}
